//! HTTP, WebSocket, health and metrics.
