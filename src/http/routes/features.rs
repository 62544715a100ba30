//! `/projects/{p}/features` and `/projects/{p}/backlog`.

use ::events::backlog::Batch;
use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, delete, get, patch, post};

use super::diff::{Diff, as_diff};
use super::{Answer, Seen, ok, versioned};
use crate::api::ProblemShape;
use crate::api::{
    CloseRequest, Dependency, FeatureChange, FeatureShape, NewFeature, Requeued, Text, Written,
};
use crate::http::body::Json;
use crate::operator::{Operator, RequestContext};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(list_features)
        .service(add_feature)
        .service(add_backlog)
        .service(show_feature)
        .service(show_diff)
        .service(change_feature)
        .service(withdraw_feature)
        .service(comment)
        .service(answer)
        .service(close)
        .service(reopen)
        .service(requeue)
        .service(requeue_all)
        .service(depend);
}

/// All features of a project, in the order of the queue.
#[utoipa::path(context_path = "/api/v1", tag = "features", params(Seen),
    responses((status = 200, body = [FeatureShape]), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/features")]
pub(in crate::http) async fn list_features(
    operator: Data<Operator>,
    name: Path<String>,
    seen: Query<Seen>,
) -> Answer {
    let operator = seen.look(&operator).await?;
    ok(operator.features_with_issues(&name).await?)
}

/// Add a feature.
#[utoipa::path(context_path = "/api/v1", tag = "features",
    responses((status = 201, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/features")]
pub(in crate::http) async fn add_feature(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
    new: Json<NewFeature>,
) -> Answer {
    Ok(HttpResponse::Created().json(
        operator
            .add_feature(&context, &name, new.into_inner())
            .await?,
    ))
}

/// Add many features, as one: all of them or none.
#[utoipa::path(context_path = "/api/v1", tag = "features",
    responses((status = 201, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/backlog")]
pub(in crate::http) async fn add_backlog(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
    batch: Json<Batch>,
) -> Answer {
    Ok(HttpResponse::Created().json(operator.add_features(&context, &name, &batch).await?))
}

/// What its work changes, as it was merged, handed in or pushed last: a diff of at most one MiB.
#[utoipa::path(context_path = "/api/v1", tag = "features", params(Diff),
    responses(
        (status = 200, body = String, content_type = "text/x-diff"),
        (status = "4XX", body = ProblemShape),
    ))]
#[get("/projects/{p}/features/{id}/diff")]
pub(in crate::http) async fn show_diff(
    operator: Data<Operator>,
    path: Path<(String, String)>,
    diff: Query<Diff>,
) -> Answer {
    let (much, seen) = diff.into_inner().parts();
    let operator = seen.look(&operator).await?;
    as_diff(operator.feature_diff(&path.0, &path.1, much).await?)
}

/// One feature. The ETag is the version of its stream.
#[utoipa::path(context_path = "/api/v1", tag = "features", params(Seen),
    responses((status = 200, body = FeatureShape), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/features/{id}")]
pub(in crate::http) async fn show_feature(
    operator: Data<Operator>,
    path: Path<(String, String)>,
    seen: Query<Seen>,
) -> Answer {
    let operator = seen.look(&operator).await?;
    let feature = operator.feature_with_issue(&path.0, &path.1).await?;
    let version = feature.version;
    versioned(feature, version)
}

/// Change what it asks for or its place in the queue; what is absent stays.
#[utoipa::path(context_path = "/api/v1", tag = "features",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[patch("/projects/{p}/features/{id}")]
pub(in crate::http) async fn change_feature(
    operator: Data<Operator>,
    context: RequestContext,
    path: Path<(String, String)>,
    change: Json<FeatureChange>,
) -> Answer {
    ok(operator
        .change_feature(&context, &path.0, &path.1, change.into_inner())
        .await?)
}

/// Take it out of the backlog; its refs and its history stay.
#[utoipa::path(context_path = "/api/v1", tag = "features",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[delete("/projects/{p}/features/{id}")]
pub(in crate::http) async fn withdraw_feature(
    operator: Data<Operator>,
    context: RequestContext,
    path: Path<(String, String)>,
) -> Answer {
    ok(operator.withdraw(&context, &path.0, &path.1).await?)
}

/// Say something about it.
#[utoipa::path(context_path = "/api/v1", tag = "features",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/features/{id}/comments")]
pub(in crate::http) async fn comment(
    operator: Data<Operator>,
    context: RequestContext,
    path: Path<(String, String)>,
    said: Json<Text>,
) -> Answer {
    ok(operator
        .comment(&context, &path.0, &path.1, &said.text)
        .await?)
}

/// Answer its question, so that work goes on.
#[utoipa::path(context_path = "/api/v1", tag = "features",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/features/{id}/answer")]
pub(in crate::http) async fn answer(
    operator: Data<Operator>,
    context: RequestContext,
    path: Path<(String, String)>,
    said: Json<Text>,
) -> Answer {
    ok(operator
        .answer(&context, &path.0, &path.1, &said.text)
        .await?)
}

/// Close it by hand.
#[utoipa::path(context_path = "/api/v1", tag = "features",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/features/{id}/close")]
pub(in crate::http) async fn close(
    operator: Data<Operator>,
    context: RequestContext,
    path: Path<(String, String)>,
    how: Json<CloseRequest>,
) -> Answer {
    ok(operator.close(&context, &path.0, &path.1, how.how).await?)
}

/// Open it again, with the reason.
#[utoipa::path(context_path = "/api/v1", tag = "features",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/features/{id}/reopen")]
pub(in crate::http) async fn reopen(
    operator: Data<Operator>,
    context: RequestContext,
    path: Path<(String, String)>,
    why: Json<Text>,
) -> Answer {
    ok(operator
        .reopen(&context, &path.0, &path.1, &why.text)
        .await?)
}

/// Take it out of quarantine.
#[utoipa::path(context_path = "/api/v1", tag = "features",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/features/{id}/requeue")]
pub(in crate::http) async fn requeue(
    operator: Data<Operator>,
    context: RequestContext,
    path: Path<(String, String)>,
) -> Answer {
    ok(operator.requeue(&context, &path.0, &path.1).await?)
}

/// Take all that are quarantined out of quarantine.
#[utoipa::path(context_path = "/api/v1", tag = "features",
    responses((status = 200, body = Requeued), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/features/requeue")]
pub(in crate::http) async fn requeue_all(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
) -> Answer {
    ok(operator.requeue_all(&context, &name).await?)
}

/// Add or remove a dependency.
#[utoipa::path(context_path = "/api/v1", tag = "features",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/features/{id}/dependencies")]
pub(in crate::http) async fn depend(
    operator: Data<Operator>,
    context: RequestContext,
    path: Path<(String, String)>,
    wanted: Json<Dependency>,
) -> Answer {
    ok(operator.depend(&context, &path.0, &path.1, &wanted).await?)
}
