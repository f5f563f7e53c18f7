"""Updates from Telegram into the journal, by polling or by webhook, before Telegram hears that they came."""
