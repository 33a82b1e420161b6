//! Style sheet, script and icon: part of the program, under names that change with their content, so that a browser
//! keeps them for good.

use std::{io::Write, sync::LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, ContentEncoding, HeaderValue},
    web::{Bytes, Path},
};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

use crate::http::problem::Problem;

/// A file that pages load.
#[derive(Debug)]
pub struct Asset {
    /// Its name with a part of its hash: `console-5f3a….css`.
    name: String,
    /// Where pages load it from.
    address: String,
    media_type: &'static str,
    content: &'static [u8],
    /// The content in gzip.
    compressed: Bytes,
}

/// Every file, in the order of the constants below.
static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        asset("console", "css", "text/css; charset=utf-8", include_bytes!("../../../assets/console.css")),
        asset("console", "js", "text/javascript; charset=utf-8", include_bytes!("../../../assets/console.js")),
        asset("icon", "svg", "image/svg+xml", include_bytes!("../../../assets/icon.svg")),
    ]
});

/// Where pages load the style sheet from.
#[must_use]
pub fn style_sheet() -> &'static str {
    &ASSETS[0].address
}

/// Where pages load the script from.
#[must_use]
pub fn script() -> &'static str {
    &ASSETS[1].address
}

/// Where pages load the icon from.
#[must_use]
pub fn icon() -> &'static str {
    &ASSETS[2].address
}

/// How long a browser keeps a file, whose name is another when its content is: a year.
pub const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// `GET /assets/{name}`
pub async fn serve(request: HttpRequest, name: Path<String>) -> Result<HttpResponse, Problem> {
    let asset = ASSETS.iter().find(|asset| asset.name == *name).ok_or_else(Problem::not_found)?;
    let accepts = request.headers().get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let mut answer = HttpResponse::Ok();
    answer.content_type(asset.media_type);
    answer.insert_header((header::CACHE_CONTROL, CACHE_CONTROL));
    answer.insert_header((header::VARY, HeaderValue::from_static("Accept-Encoding")));
    if accepts.is_some_and(|accepts| accepts.contains("gzip")) {
        answer.insert_header(ContentEncoding::Gzip);
        return Ok(answer.body(asset.compressed.clone()));
    }
    Ok(answer.body(asset.content))
}

fn asset(stem: &str, extension: &str, media_type: &'static str, content: &'static [u8]) -> Asset {
    let hash = hex::encode(&Sha256::digest(content)[..6]);
    let name = format!("{stem}-{hash}.{extension}");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let compressed = encoder.write_all(content).and_then(|()| encoder.finish());
    // Memory takes all that is written to it.
    let compressed = compressed.map(Bytes::from).unwrap_or_default();
    Asset { address: format!("/assets/{name}"), name, media_type, content, compressed }
}
