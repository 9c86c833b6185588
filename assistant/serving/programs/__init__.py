"""The ways in for programs: REST, OpenAI's chat protocol, the Model Context Protocol."""
