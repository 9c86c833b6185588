"""What the commands do: arguments to calls, values to JSON or to text for people. The parser is `cli.py`."""
