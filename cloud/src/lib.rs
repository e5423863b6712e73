//! The only code that talks to AWS: the deploy engine and what it needs.
