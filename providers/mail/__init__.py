"""Mail: messages are queued with the fact that causes them and delivered over SMTP afterwards."""
