"""The routes for programs: their errors are problems, no login leads to them, and pages elsewhere may be let in."""

FOR_PROGRAMS = ("/api/", "/v1/", "/mcp")
