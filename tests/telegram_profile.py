"""The methods of the Bot API about the bot itself, about chats and about files."""

import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tests.telegram_calls import Call
from tests.telegram_values import Chat, Json, User, bad, member_json
from tests.telegram_world import World

BIGGEST_DOWNLOAD = 20 * 1024 * 1024
SCOPES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "default": (),
        "all_private_chats": (),
        "all_group_chats": (),
        "all_chat_administrators": (),
        "chat": ("chat_id",),
        "chat_administrators": ("chat_id",),
        "chat_member": ("chat_id", "user_id"),
    }
)
"""For whom commands are, and what else such a scope says."""

_NAME = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"[a-z]{2}|")


def get_me(world: World, call: Call) -> Json:
    return world.bot.json() | {
        "can_join_groups": True,
        "can_read_all_group_messages": not world.settings.privacy,
        "supports_inline_queries": world.settings.inline,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def scope_key(scope: object) -> str:
    """The one way to write a scope. Raises `RefusedError`."""
    value = scope or {"type": "default"}
    if not isinstance(value, dict):
        raise bad("BotCommandScope must be an Object")
    if value.get("type") not in SCOPES:
        raise bad("can't parse BotCommandScope: Unsupported type specified")
    names = SCOPES[value["type"]]
    if not all(value.get(name) for name in names):
        raise bad("can't parse BotCommandScope: Empty chat_id specified")
    return json.dumps([value["type"], *(value[name] for name in names)])


def _language(call: Call) -> str:
    language = str(call.params.get("language_code") or "")
    if not _LANGUAGE.fullmatch(language):
        raise bad("invalid language code specified")
    return language


def set_my_commands(world: World, call: Call) -> bool:
    commands = call.params.get("commands")
    if not isinstance(commands, list):
        raise bad("can't parse commands JSON object")
    if len(commands) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not _NAME.fullmatch(str(command.get("command", "")).removeprefix("/")):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    key = "commands", scope_key(call.params.get("scope")), _language(call)
    world.profile[key] = [
        {"command": one["command"].removeprefix("/"), "description": one["description"]}
        for one in commands
    ]
    return True


def get_my_commands(world: World, call: Call) -> object:
    return world.profile.get(_commands_key(call), [])


def delete_my_commands(world: World, call: Call) -> bool:
    world.profile.pop(_commands_key(call), None)
    return True


def _commands_key(call: Call) -> tuple[str, ...]:
    return "commands", scope_key(call.params.get("scope")), _language(call)


def _setter(name: str, longest: int) -> Callable[[World, Call], bool]:
    def set_it(world: World, call: Call) -> bool:
        said = str(call.params.get(name) or "")
        if len(said) > longest:
            raise bad(f"{name} is too long")  # A wording of ours.
        world.profile[name, _language(call)] = said
        return True

    return set_it


def _getter(name: str) -> Callable[[World, Call], Json]:
    def get_it(world: World, call: Call) -> Json:
        said = world.profile.get((name, _language(call))) or world.profile.get((name, ""), "")
        return {name: said}

    return get_it


def get_chat(world: World, call: Call) -> Json:
    chat = world.chat(call.chat_id)
    value = chat.json() | {"accent_color_id": chat.id % 7, "max_reaction_count": 11}
    gifts = "unlimited_gifts limited_gifts unique_gifts premium_subscription gifts_from_channels"
    return value | {"accepted_gift_types": dict.fromkeys(gifts.split(), False)}


def get_chat_member(world: World, call: Call) -> Json:
    chat, user = world.chat(call.chat_id), _user(world, call)
    return member_json(user, chat.members.get(user.id, "left"))


def get_chat_administrators(world: World, call: Call) -> list[Json]:
    chat = world.chat(call.chat_id)
    if not chat.is_group:
        raise bad("there are no administrators in the private chat")
    return [
        member_json(world.users[number], status)
        for number, status in chat.members.items()
        if status in {"administrator", "creator"} and number != world.bot.id
    ]


def _user(world: World, call: Call) -> User:
    number = call.params.get("user_id")
    if not isinstance(number, int) or number <= 0:
        raise bad("invalid user_id specified")
    if number not in world.users:
        raise bad("user not found")
    return world.users[number]


def leave_chat(world: World, call: Call) -> bool:
    chat: Chat = world.writable(call.chat_id)
    if chat.type == "private":
        raise bad("chat can't be left")
    world.becomes(chat, "left", world.bot)
    return True


def get_file(world: World, call: Call) -> Json:
    file = world.files.get(str(call.params.get("file_id", "")))
    if file is None:
        raise bad("invalid file_id")
    if file.size > BIGGEST_DOWNLOAD:
        raise bad("file is too big")
    names = "file_id", "file_unique_id", "file_size"
    value = file.json()
    return {name: value[name] for name in names} | {"file_path": file.path}


def do_nothing(world: World, call: Call) -> bool:
    return True


PROFILE: Mapping[str, Callable[[World, Call], Any]] = MappingProxyType(
    {
        "close": do_nothing,
        "deleteMyCommands": delete_my_commands,
        "getChat": get_chat,
        "getChatAdministrators": get_chat_administrators,
        "getChatMember": get_chat_member,
        "getFile": get_file,
        "getMe": get_me,
        "getMyCommands": get_my_commands,
        "getMyDescription": _getter("description"),
        "getMyShortDescription": _getter("short_description"),
        "leaveChat": leave_chat,
        "logOut": do_nothing,
        "setMyCommands": set_my_commands,
        "setMyDescription": _setter("description", 512),
        "setMyShortDescription": _setter("short_description", 120),
    }
)
