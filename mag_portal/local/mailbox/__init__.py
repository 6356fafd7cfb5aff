"""The development mailbox: a real SMTP server that keeps every mail in a Maildir and shows it in the browser."""
