//! Calibration: from a raw margin to log-odds that mean what they say.
