"""Stand-ins for what a customer has: an SFTP server, Presence Services and a company that chats."""
