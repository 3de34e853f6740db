//! chats
