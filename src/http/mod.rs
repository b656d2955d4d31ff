//! What speaks plain HTTP: metrics, health, and the C2SP tile API, on the same port as gRPC.
//!
//! ```text
//! /metrics                             Prometheus text
//! /healthz                             200 while the process lives
//! /readyz                              200 while every ledger takes every append, 503 with the reason otherwise
//! /tiles/<number>/checkpoint           newest signed head of ledger <number>
//! /tiles/<number>/tile/<L>/<N>[.p/<W>] hash tiles
//! /tiles/<number>/tile/entries/<N>…    entry bundles: 120-byte headers, which name nobody
//! ```
//!
//! Content bundles are not served here: they go only to callers who may read the ledger. Knows no storage.

use crate::engine::{Engine, EngineError, Kind, OpenLedger};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;
use whosaw_verifier::tiles::TILE_WIDTH;

#[derive(Clone)]
struct Served {
    engine: Arc<Engine>,
    metrics: PrometheusHandle,
}

/// Routes to be merged with those of gRPC.
pub fn router(engine: Arc<Engine>, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/metrics", get(render_metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/tiles/{ledger}/checkpoint", get(checkpoint))
        .route("/tiles/{ledger}/tile/{level}/{*number}", get(tile))
        .with_state(Served { engine, metrics })
}

/// The answer to unknown paths: gRPC clients and browsers each in their own words.
pub async fn unknown_path(headers: HeaderMap) -> Response {
    let grpc = headers.get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"application/grpc"));
    if grpc {
        let headers = [("content-type", "application/grpc"), ("grpc-status", "12"), ("grpc-message", "no such method")];
        return (StatusCode::OK, headers).into_response();
    }
    (StatusCode::NOT_FOUND, "there is nothing here\n").into_response()
}

async fn render_metrics(State(served): State<Served>) -> String {
    for open in served.engine.ledgers() {
        let labels = [("ledger", open.origin().to_owned())];
        let size = open.ledger().published().size;
        let (projected, failed) = open.projected();
        metrics::gauge!("whosaw_tree_size", &labels).set(size as f64);
        metrics::gauge!("whosaw_projection_lag_entries", &labels).set(size.saturating_sub(projected) as f64);
        metrics::gauge!("whosaw_projection_failed", &labels).set(f64::from(u8::from(failed.is_some())));
        metrics::gauge!("whosaw_closed", &labels).set(f64::from(u8::from(open.ledger().latched().is_some())));
        let lost = open.custodian_trouble().is_some();
        metrics::gauge!("whosaw_custodian_unavailable", &labels).set(f64::from(u8::from(lost)));
        let stuck = open.erasure_trouble().is_some();
        metrics::gauge!("whosaw_erasures_stuck", &labels).set(f64::from(u8::from(stuck)));
        let (written, changes) = open.journal_rounds();
        metrics::gauge!("whosaw_journal_writes", &labels).set(written as f64);
        metrics::gauge!("whosaw_journal_changes", &labels).set(changes as f64);
        metrics::gauge!("whosaw_waiting_entries", &labels).set(open.ledger().waiting().0 as f64);
        metrics::gauge!("whosaw_waiting_bytes", &labels).set(open.ledger().waiting().1 as f64);
    }
    served.metrics.render()
}

async fn ready(State(served): State<Served>) -> Response {
    let closed = served.engine.ledgers().find_map(|open| open.ledger().latched());
    match closed.or_else(|| served.engine.ledgers().find_map(|open| open.custodian_trouble())) {
        None => match served.engine.ledgers().find_map(|open| open.erasure_trouble()) {
            None => "ready\n".into_response(),
            // Appends and reads are as well as ever.
            Some(reason) => format!("ready, but erasures do not end: {reason}\n").into_response(),
        },
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

async fn checkpoint(State(served): State<Served>, Path(ledger): Path<u32>) -> Response {
    let Some(open) = find(&served, ledger) else { return not_found() };
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "max-age=5")];
    (headers, open.ledger().published().checkpoint.to_string()).into_response()
}

async fn tile(State(served): State<Served>, Path((ledger, level, number)): Path<(u32, String, String)>) -> Response {
    let (Some(open), Some((number, width))) = (find(&served, ledger).cloned(), parse_number(&number)) else {
        return not_found();
    };
    let read = tokio::task::spawn_blocking(move || match level.as_str() {
        "entries" => open.entry_bundle(number, width),
        level => {
            // Decimal without leading zeroes, so that a tile has one address.
            let level = level.parse::<u8>().ok().filter(|parsed| parsed.to_string() == level && *parsed < 64);
            let level = level.ok_or_else(|| EngineError::not_found("no such level"))?;
            Ok(open.ledger().tile(level, number, width)?.concat())
        }
    });
    match read.await {
        Ok(Ok(bytes)) => {
            let headers = [
                (header::CONTENT_TYPE, "application/octet-stream"),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ];
            (headers, Body::from(bytes)).into_response()
        }
        Ok(Err(error)) if matches!(error.kind, Kind::OutOfRange | Kind::NotFound) => not_found(),
        Ok(Err(error)) => {
            tracing::error!(%error, "a tile cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn find(served: &Served, number: u32) -> Option<&Arc<OpenLedger>> {
    served.engine.ledgers().find(|open| open.ledger().number().0 == number)
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "there is no such tile\n").into_response()
}

/// `x001/x234/067`, or with `.p/<W>` behind it.
fn parse_number(path: &str) -> Option<(u64, u64)> {
    let (path, width) = match path.split_once(".p/") {
        None => (path, TILE_WIDTH),
        Some((path, width)) => {
            let parsed = width.parse::<u64>().ok().filter(|w| (1..TILE_WIDTH).contains(w) && w.to_string() == width);
            (path, parsed?)
        }
    };
    let mut number = 0u64;
    let groups: Vec<&str> = path.split('/').collect();
    let (last, before) = groups.split_last()?;
    for (position, group) in before.iter().enumerate() {
        let digits = group.strip_prefix('x').filter(|digits| three_digits(digits))?;
        // The first group of a longer number is not all zeroes.
        if position == 0 && digits == "000" {
            return None;
        }
        number = number.checked_mul(1_000)?.checked_add(digits.parse().ok()?)?;
    }
    let last: u64 = last.parse().ok().filter(|_| three_digits(last))?;
    Some((number.checked_mul(1_000)?.checked_add(last)?, width))
}

fn three_digits(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::parse_number;

    #[test]
    fn tile_numbers_have_one_form() {
        assert_eq!(parse_number("x001/x234/067"), Some((1_234_067, 256)));
        assert_eq!(parse_number("000"), Some((0, 256)));
        assert_eq!(parse_number("273.p/112"), Some((273, 112)));
        for wrong in ["", "1", "0000", "x000/001", "001/002", "x001/2", "001.p/0", "001.p/256", "001.p/01", "x1/001"] {
            assert_eq!(parse_number(wrong), None, "{wrong}");
        }
    }
}
