//! Decaying latency and failure score, breaker, order of asking.
