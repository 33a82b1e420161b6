//! The HTTP server: problems, extractors, the API.
