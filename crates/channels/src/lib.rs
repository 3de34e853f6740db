//! What comes in from outside and goes out: widget, e-mail.
