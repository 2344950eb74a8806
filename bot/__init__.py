"""The chat adapter: citebot for people in a Telegram chat."""
