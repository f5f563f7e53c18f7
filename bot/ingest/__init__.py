"""Updates from Telegram into the journal, by long polling or by webhook, before Telegram hears that they came."""
