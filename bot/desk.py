"""Everybody who works in a chat: made once, for what comes in (`bot.app`) and comes back (`bot.delivery`)."""

from redis.asyncio import Redis
from telegram import Bot

from bot.door import Door
from bot.gate import Gate
from bot.guests import Guests
from bot.handlers.access import Access
from bot.handlers.finding import Finding
from bot.handlers.groups import Groups
from bot.handlers.inline import InlineSearch
from bot.handlers.language import Languages
from bot.handlers.photos import Photos
from bot.handlers.questions import Questions
from bot.handlers.start import Start
from bot.handlers.style import Styles
from bot.members import Members
from bot.menus import Menus
from bot.outbox import Outbox
from bot.pictures import Pictures
from bot.presence import Presence
from bot.settings import Settings
from bot.showing import Showing
from bot.talk import Talks
from vlm.client import Client


class Desk:
    def __init__(
        self,
        settings: Settings,
        bot: Bot,
        redis: Redis,
        client: Client,
        outbox: Outbox,
        presence: Presence,
    ) -> None:
        self.talks = Talks(client)
        self.pictures = Pictures(bot)
        self.photos = Photos(client, outbox, self.pictures, presence, picture_px=settings.picture_px)
        self.questions = Questions(client, outbox, self.pictures, presence, self.photos)
        self.menus = Menus(bot, redis)
        self.start = Start(client, outbox, bot, self.photos)
        self.gate = Gate(redis, client.memory)
        guests = Guests(settings, redis)
        self.door = Door(guests, outbox)
        self.access = Access(guests, outbox)
        self.members = Members(bot, redis)
        self.languages = Languages(client, outbox, self.members, self.menus)
        self.styles = Styles(client, outbox, self.members)
        self.groups = Groups(client, outbox, self.members, guests, self.talks, self.photos)
        self.finding = Finding(client, outbox, presence, Showing(bot, outbox, client.memory))
        self.inline = InlineSearch(bot, client)
