"""The Bot API, method by method: each a coroutine from a sandbox and arguments to the result's JSON."""
