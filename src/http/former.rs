//! Former names of routes, answered for one release: what was written against them goes on to work.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Uri;
use actix_web::middleware::Next;

/// Leads a request for a former name to the name of today.
pub(super) async fn follow(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if let Some(uri) = of_today(request.uri()) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
    next.call(request).await
}

/// The name of today; none for what is one already.
fn of_today(uri: &Uri) -> Option<Uri> {
    let rest = uri.path().strip_prefix("/api/v1/projects/")?;
    let (project, rest) = rest.split_once('/')?;
    let below = rest.strip_prefix("trunk")?;
    if !below.is_empty() && !below.starts_with('/') {
        return None;
    }
    let query = uri.query().map(|query| format!("?{query}"));
    let query = query.unwrap_or_default();
    let path = format!("/api/v1/projects/{project}/queue{below}{query}");
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path.parse().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::of_today;

    #[test]
    fn former_names_lead_to_those_of_today() {
        let led = |asked: &str| {
            let uri = of_today(&asked.parse().expect("an address"));
            uri.map(|uri| uri.to_string())
        };

        for (asked, expected) in [
            (
                "/api/v1/projects/zoo/trunk",
                Some("/api/v1/projects/zoo/queue"),
            ),
            (
                "/api/v1/projects/zoo/trunk/3/diff?path=a%2Fb",
                Some("/api/v1/projects/zoo/queue/3/diff?path=a%2Fb"),
            ),
            (
                "http://localhost:7/api/v1/projects/zoo/trunk/resume",
                Some("http://localhost:7/api/v1/projects/zoo/queue/resume"),
            ),
            ("/api/v1/projects/zoo/queue", None),
            ("/api/v1/projects/zoo/trunks", None),
            ("/api/v1/projects/trunk", None),
            ("/api/v1/projects/trunk/features", None),
        ] {
            assert_eq!(led(asked).as_deref(), expected, "{asked}");
        }
    }
}
