"""The ways in: the chat in the browser and the server that carries it. What they show is made elsewhere."""
