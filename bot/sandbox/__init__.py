"""A stand-in for Telegram: the Bot API over HTTP, and a web page to chat on. Imports neither the bot nor vlm.

Run it with `python -m bot.sandbox --port 8080`. The map:

    __main__.py   arguments; loopback only
    app.py        the routes and the server's life
    sandbox.py    the parts of one sandbox, put together
    chat.py       people, chats and messages; the updates that the bot gets about them
    updates.py    the queue of updates: long polling, confirmation, one poller
    webhook.py    the same queue, pushed to the bot's webhook
    feed.py       events, for the page and for requests that wait
    files.py      uploaded and sent files, by file_id
    photos.py     the sizes that a photo is kept in
    media.py      stickers, videos, voices and other media
    text.py       entities and lengths, in Telegram's units
    args.py       the arguments of a Bot API call, and its errors
    api.py        one Bot API call from request to answer
    methods/      the Bot API, method by method
    faults.py     injected faults, for tests
    people.py     a person in a chat: writes, sends files, edits, presses, asks inline
    groups.py     adding and removing the bot; administrators, topics, supergroups
    inline.py     the results of an inline query, and the message that a chosen result becomes
    page.py       the actions of the page (and of tests) as a person
    views.py      what they can read
    samples.py    the pictures that the page offers
    static/       the page
"""
