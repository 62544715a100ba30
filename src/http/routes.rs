//! The routes: the whole API on one screen.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path, Query, ServiceConfig, get, patch, post, scope};
use events::backlog::Batch;
use events::stream::Position;
use serde::Deserialize;

use super::office::{Office, Wish};
use super::problem::ApiProblem;
use super::shapes::{NewFeature, NewProject, ProjectChange, Text};

type Answer = Result<HttpResponse, ApiProblem>;

/// Most envelopes in one answer.
const EVENTS_MAX: usize = 1000;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(
        scope("/api/v1")
            .route("/projects", get().to(list_projects))
            .route("/projects", post().to(add_project))
            .route("/projects/{p}", get().to(show_project))
            .route("/projects/{p}", patch().to(change_project))
            .route("/projects/{p}/features", get().to(list_features))
            .route("/projects/{p}/features", post().to(add_feature))
            .route("/projects/{p}/features/batch", post().to(add_batch))
            .route("/projects/{p}/features/{id}", get().to(show_feature))
            .route("/projects/{p}/features/{id}/comments", post().to(comment))
            .route("/projects/{p}/features/{id}/answer", post().to(answer))
            .route("/projects/{p}/{verb}", post().to(intend))
            .route("/events", get().to(events)),
    );
}

async fn list_projects(office: Data<Office>) -> Answer {
    Ok(HttpResponse::Ok().json(office.projects()))
}

async fn add_project(office: Data<Office>, wish: Wish, new: Json<NewProject>) -> Answer {
    Ok(HttpResponse::Created().json(office.add_project(&wish, new.into_inner()).await?))
}

async fn show_project(office: Data<Office>, name: Path<String>) -> Answer {
    Ok(HttpResponse::Ok().json(office.project(&name)?))
}

async fn change_project(office: Data<Office>, wish: Wish, name: Path<String>, change: Json<ProjectChange>) -> Answer {
    Ok(HttpResponse::Ok().json(office.change_project(&wish, &name, &change).await?))
}

async fn intend(office: Data<Office>, wish: Wish, path: Path<(String, String)>) -> Answer {
    Ok(HttpResponse::Ok().json(office.intend(&wish, &path.0, &path.1).await?))
}

async fn list_features(office: Data<Office>, name: Path<String>) -> Answer {
    Ok(HttpResponse::Ok().json(office.features(&name)?))
}

async fn add_feature(office: Data<Office>, wish: Wish, name: Path<String>, new: Json<NewFeature>) -> Answer {
    Ok(HttpResponse::Created().json(office.add_feature(&wish, &name, new.into_inner()).await?))
}

async fn add_batch(office: Data<Office>, wish: Wish, name: Path<String>, batch: Json<Batch>) -> Answer {
    Ok(HttpResponse::Created().json(office.add_features(&wish, &name, &batch).await?))
}

async fn show_feature(office: Data<Office>, path: Path<(String, String)>) -> Answer {
    Ok(HttpResponse::Ok().json(office.feature(&path.0, &path.1)?))
}

async fn comment(office: Data<Office>, wish: Wish, path: Path<(String, String)>, said: Json<Text>) -> Answer {
    Ok(HttpResponse::Ok().json(office.speak(&wish, &path.0, &path.1, &said.text, false).await?))
}

async fn answer(office: Data<Office>, wish: Wish, path: Path<(String, String)>, said: Json<Text>) -> Answer {
    Ok(HttpResponse::Ok().json(office.speak(&wish, &path.0, &path.1, &said.text, true).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    #[serde(default)]
    after: u64,
    /// Wait until there is something.
    #[serde(default)]
    wait: bool,
}

async fn events(office: Data<Office>, query: Query<After>) -> Answer {
    let after = Position(query.after);
    if query.wait {
        office.core.projector.wait_for(Position(after.0 + 1)).await;
    }
    let unavailable = |e: events::log::ReadError| ApiProblem::from(actors::host::ExecuteError::Unavailable(e.to_string()));
    let envelopes = office.core.world.log.read_all(after, EVENTS_MAX).await.map_err(unavailable)?;
    let shown: Vec<_> = envelopes.iter().map(crate::cli::shown::event).collect();
    Ok(HttpResponse::Ok().json(shown))
}
