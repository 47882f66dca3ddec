"""HTTP comes in: alerts, phone callbacks, the bot's own API, health."""
