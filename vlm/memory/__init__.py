"""What a chat remembers, in Redis. All keys of a chat have the chat as hash tag: a chat lives on one shard.

    photos:{chat}       sorted set: photo ids in the order they came. All keys of a photo follow from it
    photo:{chat}:ID     hash: file_id, file_unique_id, kind, sender, sender_name, created_ms   by a front end
                              topic, arrival_us                                                the same
                              caption, revision, shown, language, vectors                      by a worker
                              note, corrected, given                                           by its owner
    turns:{chat}:ID     hash: job id -> question, answer, time
    tokens:{chat}:ID    the query tokens of the photo, with a TTL that every use renews
    messages:{chat}     hash: message id -> photo id, the bot's own messages too
    links:{chat}:ID     set: the message ids in `messages` that lead to this photo
    changes:{chat}      sorted set: photo id -> the edition that changed it last; '' -> the chat's edition
    chat:{chat}         hash: the chat's preferences

Ids and numbers that outlive what they name, each for a day, and the pictures that are on their way:

    forgotten:{chat}    hash: photo id -> '', and '' -> the place in `photos` up to which all is forgotten
    forgetting:{chat}   sorted set: photo ids whose keys are being removed; gone when they are
    moved:{chat}        where the memory of a group went that became a supergroup
    blob:{chat}:JOB     a picture on its way to a worker (written by the client, removed by the broker)

A photo's id is the id of the message that brought it. Every write is an upsert by a key that the caller
carries. Only a front end brings a photo in: all else is written to photos that still exist, so that what was
forgotten stays forgotten. No picture is kept: Telegram has it, and `file_id` brings it back. Arrays are bytes
and a shape: no numpy here. What is kept for how long, and why so: docs/memory.md.
"""

from vlm.memory.keys import blob_key, former
from vlm.memory.memory import Memory
from vlm.memory.records import Array, Photo, Preferences, Searchable

__all__ = ["Array", "Memory", "Photo", "Preferences", "Searchable", "blob_key", "former"]
