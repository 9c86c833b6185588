"""From passages to an answer: which sentences are evidence, whether they suffice, what is said, what is cited."""
