"""Every sentence that a person can read, as pure functions: the places to translate, and to tend the tone.

Plain text, no markup. What a model wrote is marked as such *first*: a listener knows before it begins.
The first parameter, `_`, is the chat's `Translator`; sentences are written in English in calls of it, where
`scripts/catalogs` finds them for the translators.
"""
