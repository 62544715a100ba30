//! `/projects/{p}/upstream`.

use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{delete, get, post};

use super::{Answer, Seen, ok};
use crate::api::ProblemShape;
use crate::api::{AcceptUpstream, FollowBranch, HookShape, MoveUpstream, UpstreamShape, Written};
use crate::http::body::Json;
use crate::operator::{Operator, RequestContext};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(show_upstream)
        .service(fetch_upstream)
        .service(accept_upstream)
        .service(follow_branch)
        .service(move_upstream)
        .service(forget_host_keys)
        .service(show_hook);
}

/// Where upstream is, what is wrong with it, and which host keys are pinned.
#[utoipa::path(context_path = "/api/v1", tag = "upstream", params(Seen),
    responses((status = 200, body = UpstreamShape), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/upstream")]
pub(in crate::http) async fn show_upstream(
    operator: Data<Operator>,
    name: Path<String>,
    seen: Query<Seen>,
) -> Answer {
    let operator = seen.look(&operator).await?;
    ok(operator.upstream(&name).await?)
}

/// Look at upstream now.
#[utoipa::path(context_path = "/api/v1", tag = "upstream",
    responses((status = 200, body = UpstreamShape), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/upstream/fetch")]
pub(in crate::http) async fn fetch_upstream(
    operator: Data<Operator>,
    name: Path<String>,
) -> Answer {
    ok(operator.fetch(&name).await?)
}

/// Take a rewritten branch as it is; the commit has to be the one that was shown.
#[utoipa::path(context_path = "/api/v1", tag = "upstream",
    responses((status = 200, body = Written), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/upstream/accept")]
pub(in crate::http) async fn accept_upstream(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
    accepted: Json<AcceptUpstream>,
) -> Answer {
    ok(operator
        .accept_upstream(&context, &name, &accepted.sha)
        .await?)
}

/// Follow upstream's branch under another name, when it is not there any more under the one that it
/// had; without a name, under the one that upstream names its own now.
#[utoipa::path(context_path = "/api/v1", tag = "upstream",
    responses((status = 200, body = UpstreamShape), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/upstream/follow")]
pub(in crate::http) async fn follow_branch(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
    follow: Json<FollowBranch>,
) -> Answer {
    ok(operator
        .follow_branch(&context, &name, follow.branch.as_deref())
        .await?)
}

/// Upstream has another address from now on. It is looked at there first, as of a new project;
/// whether it holds what upstream held is found out by the next look.
#[utoipa::path(context_path = "/api/v1", tag = "upstream",
    responses((status = 200, body = UpstreamShape), (status = "4XX", body = ProblemShape)))]
#[post("/projects/{p}/upstream/move")]
pub(in crate::http) async fn move_upstream(
    operator: Data<Operator>,
    context: RequestContext,
    name: Path<String>,
    moved: Json<MoveUpstream>,
) -> Answer {
    ok(operator
        .move_upstream(&context, &name, &moved.git_url)
        .await?)
}

/// Forget the pinned keys of upstream's host; the next connection pins what it sees.
#[utoipa::path(context_path = "/api/v1", tag = "upstream",
    responses((status = 200, body = UpstreamShape), (status = "4XX", body = ProblemShape)))]
#[delete("/projects/{p}/upstream/host-keys")]
pub(in crate::http) async fn forget_host_keys(
    operator: Data<Operator>,
    name: Path<String>,
) -> Answer {
    ok(operator.forget_host_keys(&name).await?)
}

/// What a forge is given, so that it can say when somebody pushed: it posts JSON there, signed with
/// the secret (`X-Hub-Signature-256`, `X-Forgejo-Signature`, `X-Gitea-Signature`) or with the
/// secret itself (`X-Gitlab-Token`). The secret changes with the server's token.
#[utoipa::path(context_path = "/api/v1", tag = "upstream",
    responses((status = 200, body = HookShape), (status = "4XX", body = ProblemShape)))]
#[get("/projects/{p}/upstream/hook")]
pub(in crate::http) async fn show_hook(operator: Data<Operator>, name: Path<String>) -> Answer {
    ok(operator.hook(&name)?)
}
