//! The web interface as a browser meets it: its files, its addresses, how it is signed in and what
//! a cookie may do.

use serde_json::{Value, json};

use super::client::{Answer, Client, text};
use super::{TOKEN, client, open_port};
use crate::world::{World, ZOO, scripted, story};

/// A request with these headers beside the host.
async fn ask(
    client: &Client,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: &Value,
) -> Answer {
    let mut request = client
        .bare(method, path, body)
        .header("host", client.host());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client
        .send(request.body(text(body)).expect("a request"))
        .await
}

async fn get(client: &Client, path: &str, headers: &[(&str, &str)]) -> Answer {
    ask(client, ("GET", path), headers, &Value::Null).await
}

#[test]
fn the_page_is_there_under_its_addresses_and_packed() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let port = open_port(&world, &server);
        let client = client(&port);
        let browser = ("accept", "text/html,application/xhtml+xml");

        let page = get(&client, "/", &[]).await;
        assert_eq!(page.status, 200);
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("default-src 'self'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(page.header("cache-control"), "no-cache");
        let tag = page.header("etag").to_owned();
        let known = get(&client, "/", &[("if-none-match", &tag)]).await;
        assert_eq!((known.status.as_u16(), known.text.as_str()), (304, ""));

        for (path, headers, status) in [
            ("/p/zoo/board?at=7", &[browser][..], 200),
            ("/sign-in", &[browser], 200),
            ("/p/zoo/board", &[], 404),
            ("/nothing", &[("accept", "application/json")], 404),
            ("/api/v1/nothing", &[browser], 401),
            ("/apiary", &[browser], 200),
        ] {
            let answer = get(&client, path, headers).await;
            assert_eq!(answer.status.as_u16(), status, "{path}");
            assert_eq!(answer.text == page.text, status == 200, "{path}");
        }

        let head = ask(&client, ("HEAD", "/"), &[], &Value::Null).await;
        assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
        assert_eq!(head.header("etag"), tag);

        let script = page.text.split('"').find(|word| word.ends_with(".js"));
        if let Some(script) = script {
            let whole = get(&client, script, &[]).await;
            let packed = get(&client, script, &[("accept-encoding", "gzip, br")]).await;
            assert_eq!(packed.header("content-encoding"), "br");
            assert_ne!(packed.header("etag"), whole.header("etag"));
            assert!(packed.length < whole.length, "{script}");
            assert!(whole.header("cache-control").contains("immutable"));
            assert!(whole.header("content-type").contains("javascript"));
        } else {
            let skipped = std::env::var("SUPERCARGO_UI").is_ok_and(|ui| ui == "skip");
            assert!(skipped, "the page is without its script: {}", page.text);
        }

        port.handle.stop(false).await;
        world.end(server).await;
    });
}

/// Follows a link, which is good once; the cookie that came of it.
async fn signed_in(client: &Client, code: &str) -> String {
    let (sign_in, json_body) = (
        ("POST", "/api/v1/session"),
        ("content-type", "application/json"),
    );
    let come = |code: &str| json!({ "code": code });

    let wrong = ask(client, sign_in, &[json_body], &come("guessed-it")).await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.code()),
        (401, "code_not_valid")
    );
    let came = ask(client, sign_in, &[json_body], &come(code)).await;
    assert_eq!(
        (came.status.as_u16(), &came.json["name"]),
        (201, &json!("operator"))
    );
    let again = ask(client, sign_in, &[json_body], &come(code)).await;
    assert_eq!(again.status.as_u16(), 401, "once");
    let set = came.header("set-cookie");
    assert!(
        set.contains("HttpOnly") && set.contains("SameSite=Strict"),
        "{set}"
    );
    set.split(';').next().expect("a pair").to_owned()
}

#[test]
fn a_link_signs_in_once_and_its_cookie_does_what_the_token_does_at_home_alone() {
    story(|| async {
        let world = World::new();
        let server = world.start().await;
        let opened = server.open_zoo(&world, 0, vec![scripted("lions", "exit 0", &[])]);
        opened.await.expect("opened");
        let port = open_port(&world, &server);
        let client = client(&port);
        let home = format!("http://{}", client.host());
        let json_body = ("content-type", "application/json");
        let sign_in = ("POST", "/api/v1/session");
        let come = |code: &str| json!({ "code": code });

        let link = port.link(server.core.world.clock.now());
        let (address, code) = link.split_once("/#token=").expect("a link");
        assert_eq!(address, home);
        let bearer = format!("Bearer {code}");
        let stats = ("GET", "/api/v1/stats");
        for _ in 0..2 {
            let read = ask(&client, stats, &[("authorization", &bearer)], &json!(null)).await;
            assert_eq!(
                read.status.as_u16(),
                200,
                "an hour long, as often as wanted"
            );
        }
        let pair = signed_in(&client, code).await;

        let path = format!("/api/v1/projects/{ZOO}/features");
        let add = ("POST", path.as_str());
        let (cookie, broken) = (("cookie", pair.as_str()), format!("{pair}0"));
        let owls = json!({"content": {"title": "Feed the owls"}});
        let origin = ("origin", home.as_str());
        for (what, asked, headers, status) in [
            ("reads", ("GET", "/api/v1/stats"), vec![cookie], 200),
            ("who", ("GET", "/api/v1/session"), vec![cookie], 200),
            ("no cookie", ("GET", "/api/v1/session"), vec![], 401),
            (
                "a changed one",
                ("GET", "/api/v1/stats"),
                vec![("cookie", &broken)],
                401,
            ),
            ("writes at home", add, vec![cookie, origin, json_body], 201),
            ("writes from nowhere", add, vec![cookie, json_body], 401),
            (
                "writes from elsewhere",
                add,
                vec![cookie, ("origin", "http://evil.example"), json_body],
                403,
            ),
        ] {
            let answer = ask(&client, asked, &headers, &owls).await;
            assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.json);
        }

        let leave = ("DELETE", "/api/v1/session");
        let left = ask(&client, leave, &[cookie, origin], &Value::Null).await;
        assert!(
            left.header("set-cookie").contains("Max-Age=0"),
            "{}",
            left.header("set-cookie")
        );
        let token = ask(&client, sign_in, &[json_body], &come(TOKEN)).await;
        assert_eq!(token.status.as_u16(), 201, "the token signs in as well");

        port.handle.stop(false).await;
        world.end(server).await;
    });
}
