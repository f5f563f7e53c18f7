"""Everybody who works in a chat: made once, for updates (`bot.app`) and results (`bot.transport.results`)."""

from redis.asyncio import Redis
from telegram import Bot

from bot.access.access_control import AccessControl
from bot.access.addressing import Gate
from bot.access.admins import ChatAdmins
from bot.access.allowlist import Allowlist
from bot.exports.exporter import Exporter
from bot.handlers.access import Access
from bot.handlers.album_picker import Picking
from bot.handlers.albums import Albums
from bot.handlers.caption_edit import Correcting
from bot.handlers.captions import Captions
from bot.handlers.export import Exporting
from bot.handlers.find import Finding
from bot.handlers.groups import Groups
from bot.handlers.inline import InlineSearch
from bot.handlers.language import Languages
from bot.handlers.photos import Photos
from bot.handlers.privacy import Keeping
from bot.handlers.questions import Questions
from bot.handlers.start import Start
from bot.handlers.stats import Stats
from bot.handlers.style import Styles
from bot.settings import Settings
from bot.state.album_store import AlbumStore
from bot.state.job_stats import JobStats
from bot.state.pending_edits import PendingEdits
from bot.state.photo_store import PhotoStore
from bot.talk import Talks
from bot.transport.command_menus import CommandMenus
from bot.transport.outbox import Outbox
from bot.transport.photo_sender import PhotoSender
from bot.transport.telegram_files import TelegramFiles
from bot.transport.typing_indicator import TypingIndicator
from vlm.ops.metrics import Metrics
from vlm.queue.client import Client


class Desk:
    def __init__(
        self,
        settings: Settings,
        bot: Bot,
        redis: Redis,
        client: Client,
        outbox: Outbox,
        presence: TypingIndicator,
        tally: JobStats,
        metrics: Metrics,
    ) -> None:
        self.metrics = metrics
        self.tally = tally
        self.talks = Talks(client)
        self.pictures = TelegramFiles(bot, metrics)
        shelf = PhotoStore(client, picture_px=settings.picture_px)
        at_hand = (client, outbox, self.pictures, presence, shelf)
        self.albums = Albums(*at_hand, AlbumStore(redis))
        self.questions = Questions(*at_hand, self.albums)
        self.photos = Photos(*at_hand, self.questions, self.albums)
        self.picking = Picking(client, outbox, self.albums, self.questions)
        self.menus = CommandMenus(bot, redis, settings.hosts)
        self.start = Start(client, outbox, bot, self.photos, self.menus)
        self.gate = Gate(redis, client.memory)
        guests = Allowlist(settings, redis)
        self.door = AccessControl(guests, client.memory, outbox)
        self.access = Access(guests, outbox)
        self.stats = Stats(client, outbox, guests, tally)
        self.members = ChatAdmins(bot, redis)
        self.captions = Captions(
            client, outbox, presence, self.members, self.photos, self.questions, self.albums
        )
        self.languages = Languages(client, outbox, self.members, self.menus)
        self.styles = Styles(client, outbox, self.members)
        self.groups = Groups(client, outbox, self.members, guests, self.talks, self.photos)
        self.finding = Finding(client, outbox, presence, PhotoSender(bot, outbox, client.memory))
        self.inline = InlineSearch(bot, client)
        self.correcting = Correcting(
            bot, client.memory, outbox, self.members, PendingEdits(redis), self.photos
        )
        self.keeping = Keeping(
            client.memory,
            outbox,
            self.members,
            self.albums,
            retention_days=settings.retention_days,
            contact=settings.contact,
        )
        self.exports = Exporter(bot, redis, client.memory, outbox, self.pictures)
        self.exporting = Exporting(client.memory, outbox, self.members, self.exports)
