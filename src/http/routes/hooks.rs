//! `/hooks/{p}`: for forges. A signed message says that somebody pushed; what it says beside that
//! is not believed, upstream is looked at.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload, ServiceConfig, post, resource};
use actix_web::{HttpRequest, HttpResponse};

use super::Answer;
use crate::http::body::of_a_stranger;
use crate::http::hooks::{HOOK_MAX, Proof, is_proved};
use crate::http::problem::ApiProblem;
use crate::operator::Operator;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(resource("/hooks/{p}").route(post().to(heard)));
}

async fn heard(
    operator: Data<Operator>,
    request: HttpRequest,
    name: Path<String>,
    body: Payload,
) -> Answer {
    let body = of_a_stranger(body, HOOK_MAX).await?;
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let proof = Proof {
        hub: header("x-hub-signature-256"),
        bare: header("x-forgejo-signature").or_else(|| header("x-gitea-signature")),
        token: header("x-gitlab-token"),
    };

    // A name that nobody has has a secret like every other: who does not know it is not told which
    // names there are.
    let proved = operator
        .hook_secret(&name)
        .is_ok_and(|secret| is_proved(&secret, &proof, &body));
    if !proved {
        operator.refused_hook(&name);
        let detail =
            "the signature is not one of this project's secret; `project upstream hook` shows it"
                .to_owned();
        return Err(ApiProblem {
            status: StatusCode::UNAUTHORIZED,
            code: "bad_signature".to_owned(),
            detail,
        });
    }

    operator.look_soon(&name, &body)?;
    Ok(HttpResponse::Accepted().finish())
}
