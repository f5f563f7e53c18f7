"""Every sentence that a user can read, as pure functions.

Plain text, no markup. A model's text is announced as such *first*: a listener knows before it begins.
The first parameter, `t`, is the chat's `Translator`. Sentences are English literals in calls of `t`, where
`scripts/catalogs` finds them for the translators.
"""
