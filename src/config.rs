//! Settings: built-in defaults, a TOML file, the environment, flags.
