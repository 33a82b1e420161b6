//! What a collector of traces receives, read from the bytes of the protocol (OTLP 1.x, `trace.proto`).

use std::{path::Path, sync::Arc};

use reqwest::Method;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Mutex,
};

use crate::{
    app::{Client, application, client::send},
    peer::Peer,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_underwright");
/// A trace and a span of the caller's (W3C Trace Context, the specification's own example).
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// Everything that was posted.
type Collected = Arc<Mutex<Vec<Vec<u8>>>>;

/// A collector on a free port, and its address.
async fn collector() -> (String, Collected) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}/v1/traces", listener.local_addr().expect("an address"));
    let collected = Collected::default();
    let all = Arc::clone(&collected);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let all = Arc::clone(&all);
            tokio::spawn(async move { collect(connection, &all).await });
        }
    });
    (address, collected)
}

/// Takes the requests of one connection.
async fn collect(mut connection: TcpStream, all: &Mutex<Vec<Vec<u8>>>) {
    let mut bytes = Vec::new();
    loop {
        let head = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let whole = head.map(|head| {
            let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
            (head + 4, head + 4 + length)
        });
        match whole {
            Some((begin, end)) if bytes.len() >= end => {
                all.lock().await.push(bytes[begin..end].to_vec());
                bytes.drain(..end);
                let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";
                connection.write_all(answer.as_bytes()).await.expect("it listens");
            }
            _ => {
                if connection.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                    return;
                }
            }
        }
    }
}

/// The fields of a message: their numbers, and the bytes of those that have a length.
fn fields(mut message: &[u8]) -> Vec<(u64, &[u8])> {
    fn varint(message: &mut &[u8]) -> u64 {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (first, rest) = message.split_first().expect("a whole number");
            *message = rest;
            value |= u64::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                break;
            }
        }
        value
    }
    let mut found = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message);
        let length = match key & 7 {
            0 => {
                varint(&mut message);
                continue;
            }
            1 => 8,
            2 => usize::try_from(varint(&mut message)).expect("a length"),
            5 => 4,
            other => panic!("wire type {other}"),
        };
        let (value, rest) = message.split_at(length);
        message = rest;
        found.push((key >> 3, value));
    }
    found
}

fn all(message: &[u8], number: u64) -> impl Iterator<Item = &[u8]> {
    fields(message).into_iter().filter(move |(field, _)| *field == number).map(|(_, value)| value)
}

#[derive(Debug, PartialEq, Eq)]
struct Span {
    trace: String,
    id: String,
    parent: String,
    name: String,
}

/// `ExportTraceServiceRequest.resource_spans[].scope_spans[].spans[]`.
fn spans(requests: &[Vec<u8>]) -> Vec<Span> {
    let of = |span: &[u8], number| all(span, number).next().unwrap_or_default().to_vec();
    let scopes = requests.iter().flat_map(|request| all(request, 1)).flat_map(|resource| all(resource, 2));
    let spans = scopes.flat_map(|scope| all(scope, 2)).map(|span| Span {
        trace: hex::encode(of(span, 1)),
        id: hex::encode(of(span, 2)),
        parent: hex::encode(of(span, 4)),
        name: String::from_utf8(of(span, 5)).expect("text"),
    });
    spans.collect()
}

/// Submits an application, names the trace that it is a part of, and gives what the collector has once the server
/// has stopped.
async fn traced(sampled: bool, body: &Value) -> Vec<Vec<u8>> {
    let (endpoint, collected) = collector().await;
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/underwright.db", folder.path().display());
    let settings = [
        format!("UNDERWRIGHT__TELEMETRY__OTLP_ENDPOINT={endpoint}"),
        "UNDERWRIGHT__TELEMETRY__SERVICE_NAME=underwright-test".to_owned(),
        // Nothing is traced but what a caller asks for.
        "UNDERWRIGHT__TELEMETRY__SAMPLING_RATIO=0".to_owned(),
    ];
    let peer = Peer::start(Path::new(PROGRAM), folder.path(), &url, &settings).expect("it starts");
    let token = Peer::token(Path::new(PROGRAM), folder.path()).expect("a token");
    let client = Client::new(reqwest::Client::new(), peer.address, Some(token));
    let request = client.request(Method::POST, "/v1/applications").json(body);
    let flags = if sampled { "01" } else { "00" };
    send(request.header("traceparent", format!("00-{TRACE}-{PARENT}-{flags}"))).await.expect(201);
    client.get("/healthz").await.expect(200);
    tokio::task::spawn_blocking(|| peer.stop()).await.expect("no panic").expect("it stops well");
    let collected = collected.lock().await;
    collected.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_traced_as_a_part_of_its_callers_trace_without_personal_data() {
    let mut body = application();
    body["applicant"]["family_name"] = "Canary7731".into();
    body["external_reference"] = "Canary7731-ref".into();
    let requests = traced(true, &body).await;
    let spans = spans(&requests);
    let named = |name: &str| {
        let found: Vec<&Span> = spans.iter().filter(|span| span.name == name).collect();
        assert_eq!(found.len(), 1, "{name} in {spans:?}");
        found[0]
    };
    let request = named("request");
    assert_eq!((request.trace.as_str(), request.parent.as_str()), (TRACE, PARENT));
    for stage in ["decide", "seal", "record"] {
        let span = named(stage);
        assert_eq!((&span.trace, &span.parent), (&request.trace, &request.id), "{stage}");
    }
    let bytes = requests.concat();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("underwright-test") && holds("/v1/applications") && holds("request_id"));
    for personal in ["Canary7731", "C-88121", "Ada", "1988-03-14", "ada@example.com", "Bearer"] {
        assert!(!holds(personal), "{personal} was sent to the collector");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_caller_does_not_trace_is_not_traced() {
    assert_eq!(spans(&traced(false, &application()).await), []);
}
