//! Log lines: JSON in production, compact on a terminal, always on standard error.

use std::io;

use tracing_subscriber::{EnvFilter, Layer as _, filter::ParseError, fmt::MakeWriter, layer::SubscriberExt as _};

use super::trace::Traces;

/// The log level has not the form asked for.
#[derive(Debug, thiserror::Error)]
#[error("log.level `{level}` is not a level: write `info`, `debug`, or `warn,underwright=debug`")]
pub struct NotALevel {
    level: String,
    #[source]
    cause: ParseError,
}

/// Starts logging for the whole process. A second call has no effect.
///
/// `level` is a level or a list of `target=level`, as in `info,underwright=debug`.
/// `traces`, where they are sent, are made of the same spans, whatever the level.
pub fn start(json: bool, level: &str, traces: Option<&Traces>) -> Result<(), NotALevel> {
    let subscriber = match traces {
        None => subscriber(json, level, io::stderr)?,
        Some(traces) => traced(json, level, traces)?,
    };
    // Only a second start can fail, and then the first one's lines go on.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

/// Logs where a thread panicked, and not what it said: a panic's message may hold personal data.
pub fn log_panics_by_place() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "a thread panicked");
    }));
}

/// The subscriber that [`start`] installs, writing to `writer`; tests read what it wrote.
pub fn subscriber<W>(
    json: bool,
    level: &str,
    writer: W,
) -> Result<Box<dyn tracing::Subscriber + Send + Sync>, NotALevel>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(level).map_err(|cause| NotALevel { level: level.to_owned(), cause })?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    Ok(if json {
        Box::new(lines.json().flatten_event(true).with_current_span(true).with_span_list(false).finish())
    } else {
        Box::new(lines.compact().with_target(false).with_ansi(io::IsTerminal::is_terminal(&io::stderr())).finish())
    })
}

/// As [`subscriber`], on standard error, beside the traces.
fn traced(json: bool, level: &str, traces: &Traces) -> Result<Box<dyn tracing::Subscriber + Send + Sync>, NotALevel> {
    let filter = EnvFilter::try_new(level).map_err(|cause| NotALevel { level: level.to_owned(), cause })?;
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let lines = if json {
        lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed()
    } else {
        lines.compact().with_target(false).with_ansi(io::IsTerminal::is_terminal(&io::stderr())).boxed()
    };
    Ok(Box::new(tracing_subscriber::registry().with(lines.with_filter(filter)).with(traces.layer())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_is_none_is_refused_by_its_name() {
        let error = subscriber(true, "loud=everything", io::sink).err().expect("refused");
        assert!(error.to_string().contains("loud=everything"), "{error}");
    }
}
