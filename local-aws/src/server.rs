//! The listeners: pages, AWS, and a Connect instance.

use crate::{
    app::{App, Clock},
    connect::{self, Instance},
    control::{self, counters::Counters, delays::Delays, faults::Faults},
    engines::Engines,
    keys::{Keys, Settings},
    page, services,
    services::{transcribe::streams::Streams, user_pool::UserPool},
};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{self, Next},
    response::Response,
    serve::ListenerExt,
};
use std::{io, net::Ipv4Addr, path::PathBuf, sync::Arc, time::SystemTime};
use tokio::{net::TcpListener, task::JoinHandle, time::sleep};
use tower_http::cors::{Any, CorsLayer};

/// The identity pool of the stand-in.
pub const IDENTITY_POOL_ID: &str = "us-east-1:00000000-0000-4000-8000-000000000000";

/// How a stand-in is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// The repository: pages, lines and recordings.
    pub root: PathBuf,
    /// Port of the pages; 0 for any.
    pub page_port: u16,
    /// Port of the services; 0 for any.
    pub aws_port: u16,
    /// Port of the Connect instance; 0 for any.
    pub connect_port: u16,
    /// The `iceServers` that the instance gives softphones.
    pub ice_servers: serde_json::Value,
    /// The folder with `connect-streams.js`, which the pages' origin serves.
    pub streams: Option<PathBuf>,
    /// Hosts that requests may be signed for beside the stand-in's own.
    pub signed_hosts: Vec<String>,
    /// Whether programs of this machine recognise, translate and speak what the
    /// demo's own engines do not know.
    pub installed_engines: bool,
}

/// A running stand-in. Dropping it ends it.
pub struct Server {
    /// Where the pages are: `http://127.0.0.1:8700`.
    pub page: String,
    /// Where the services are: `http://127.0.0.1:8701`.
    pub aws: String,
    /// Where the Connect instance is: `http://127.0.0.1:8702`.
    pub connect: String,
    /// Its state.
    pub app: Arc<App>,
    tasks: [JoinHandle<()>; 3],
}

impl Drop for Server {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Starts a stand-in on 127.0.0.1.
///
/// # Errors
/// When a port is taken or the engines' files cannot be read.
pub async fn start(options: &Options) -> io::Result<Server> {
    let mut engines = Engines::load(&options.root)?;
    if options.installed_engines {
        engines = engines.with_installed();
    }
    let page_listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.page_port)).await?;
    let aws_listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.aws_port)).await?;
    let connect_listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.connect_port)).await?;
    let aws_port = aws_listener.local_addr()?.port();
    let page = format!("http://{}", page_listener.local_addr()?);
    let aws = format!("http://{}", aws_listener.local_addr()?);
    let connect = format!("http://{}", connect_listener.local_addr()?);
    let hosts = vec![
        format!("127.0.0.1:{aws_port}"),
        format!("localhost:{aws_port}"),
    ];
    let app = Arc::new(App {
        region: "us-east-1".into(),
        hosts,
        signed_hosts: options.signed_hosts.clone(),
        page: page.clone(),
        identity_pool_id: IDENTITY_POOL_ID.into(),
        engines,
        keys: Keys::default(),
        user_pool: UserPool::default(),
        clock: Clock::default(),
        delays: Delays::default().into(),
        settings: Settings::default().into(),
        faults: Faults::default(),
        counters: Counters::default(),
        rates: services::rate::Rates::default(),
        streams: Streams::default(),
    });
    let pages = page::routes(options, &aws, &connect);
    let services = services(&app);
    let instance = Arc::new(Instance::new(&connect, options.ice_servers.clone()));
    let ccp = connect::routes(&options.root, &instance);
    Ok(Server {
        page,
        aws,
        connect,
        app,
        tasks: [
            tokio::spawn(serve(page_listener, pages)),
            tokio::spawn(serve(aws_listener, services)),
            tokio::spawn(serve(connect_listener, ccp)),
        ],
    })
}

async fn serve(listener: TcpListener, router: Router) {
    // Small messages must leave at once, as they do from the real services.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    if let Err(error) = axum::serve(listener, router).await {
        eprintln!("local-aws: {error}");
    }
}

fn services(app: &Arc<App>) -> Router {
    let aws = services::routes()
        .layer(aws_cors())
        .merge(services::user_pool::routes())
        // Outermost: a browser's preflight is as far away as the rest.
        .layer(middleware::from_fn_with_state(Arc::clone(app), as_far_away));
    let control = control::routes().layer(
        CorsLayer::new()
            .allow_origin(Any)
            .allow_headers(Any)
            .allow_methods(Any),
    );
    aws.merge(control).with_state(Arc::clone(app))
}

/// The round trip, and the `Date` of the service's own clock.
async fn as_far_away(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    sleep(app.delays().rtt()).await;
    let mut response = next.run(request).await;
    let date = httpdate::fmt_http_date(SystemTime::from(app.clock.now()));
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

/// What the services answer to browsers: no credentials, and only the headers
/// that the services' own clients send.
fn aws_cors() -> CorsLayer {
    const ALLOWED: [&str; 14] = [
        "authorization",
        "content-type",
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "cache-control",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-target",
        "x-amz-user-agent",
        "x-amzn-platform-id",
        "x-amzn-trace-id",
        "x-amz-api-version",
        "x-requested-with",
    ];
    const EXPOSED: [&str; 6] = [
        "x-amzn-requestid",
        "x-amzn-errortype",
        "x-amzn-errormessage",
        "x-amzn-requestcharacters",
        "date",
        "x-local-aws-engine",
    ];
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::OPTIONS])
        .allow_headers(ALLOWED.map(HeaderName::from_static))
        .expose_headers(EXPOSED.map(HeaderName::from_static))
        .max_age(std::time::Duration::from_secs(172_800))
}
