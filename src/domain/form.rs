//! Untrusted forms.
