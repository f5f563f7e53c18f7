"""A stand-in for Telegram: the Bot API over HTTP, and a web page to chat on. Imports neither the bot nor vlm.

Run it with `python -m bot.sandbox --port 8080`. The map:

    __main__.py   arguments; loopback only
    app.py        the routes and the server's life
    sandbox.py    the parts of one sandbox, put together
    chat.py       people, chats and messages; what the bot is told about them
    updates.py    the queue of updates: long polling, confirmation, one poller
    webhook.py    the same queue, pushed
    feed.py       what happened, for the page and for whoever waits
    files.py      uploaded and sent files, by file_id
    photos.py     the sizes that a photo is kept in
    media.py      stickers, videos, voices and their kind
    text.py       entities and lengths, counted as Telegram counts
    args.py       the arguments of a Bot API call, and its errors
    api.py        one Bot API call from request to answer
    methods/      the Bot API, method by method
    faults.py     trouble on request, for tests
    people.py     a person in a chat: writes, shows, edits, presses, asks inline
    groups.py     the bot comes and goes; administrators, topics, supergroups
    inline.py     what an inline query may be answered with, and what a chosen answer becomes
    page.py       what the page (and a test) may do as a person
    watching.py   what they may look at
    samples.py    the pictures that the page offers
    static/       the page
"""
