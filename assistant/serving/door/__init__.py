"""The door: who asks, whether they may, how much is taken on; before any route sees a request."""
