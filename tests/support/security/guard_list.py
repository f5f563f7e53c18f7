"""The guards between users and data that is not theirs, and the tests that fail without each guard."""

from typing import Final, NamedTuple


class Guard(NamedTuple):
    """`text` occurs once in `file`. Replaced by `instead`, the guard is gone, and one of `tests` fails."""

    name: str
    file: str
    text: str
    instead: str
    tests: tuple[str, ...]


GUARDS: Final = (
    Guard(
        "the webhook's secret",
        "bot/transport/webhook.py",
        "if not secret or not hmac.compare_digest(received.encode(), secret.encode()):",
        "if False:",
        ("tests/integration/bot/transport/test_webhook.py::test_without_the_secret_nothing_is_kept",),
    ),
    Guard(
        "no webhook without a secret",
        "bot/settings.py",
        "if settings.webhook_url and not settings.webhook_secret:",
        "if False:",
        (
            "tests/unit/bot/test_bot_settings.py::test_what_cannot_be_right_is_refused_by_name_and_not_by_value",
        ),
    ),
    Guard(
        "the size of a webhook's body",
        "bot/transport/webhook.py",
        ", max_body_size=MAX_BYTES",
        "",
        ("tests/integration/bot/transport/test_webhook.py::test_a_body_without_end_is_cut_short",),
    ),
    Guard(
        "a button's photo is of its chat",
        "vlm/keys.py",
        '"photo:{{{chat}}}:{photo}", "hash",',
        '"photo:{{}}:{photo}", "hash",',
        ("tests/integration/bot/handlers/test_find_pages.py::test_a_forged_button_reads_no_other_chat",),
    ),
    Guard(
        "inline: of the private chat only",
        "bot/handlers/inline.py",
        "    photos = await services.memory.recent(",
        "    photos = [\n"
        "        photo\n"
        '        async for key in services.memory._redis.scan_iter(match="photos:{*}")\n'
        "        for photo in await services.memory.recent(int(key.decode()[8:-1]), PAGE)\n"
        "    ] or await services.memory.recent(",
        (
            "tests/integration/bot/handlers/test_inline.py::test_nobody_sees_the_photos_of_another_or_of_a_group",
        ),
    ),
    Guard(
        "inline: an answer is for who asked",
        "bot/handlers/inline.py",
        "is_personal=True,",
        "is_personal=False,",
        (
            "tests/integration/bot/handlers/test_inline.py::test_words_find_the_persons_own_photos_as_telegram_knows_them",
        ),
    ),
    Guard(
        "a search is of its chat",
        "vlm/search/index_cache.py",
        "cached = self._cached.pop(chat, None) or CachedIndex()",
        "cached = next(iter(self._cached.values()), None) or CachedIndex()",
        ("tests/integration/vlm/search/test_index_cache.py::test_chats_do_not_see_each_other",),
    ),
    Guard(
        "the door",
        "bot/access/access_control.py",
        "        raise ApplicationHandlerStop\n",
        "",
        (
            "tests/integration/bot/access/test_access_control.py::test_a_strangers_press_is_answered_and_does_nothing",
        ),
    ),
    Guard(
        "an invitation lets in one",
        "bot/access/allowlist.py",
        "if redis.call('DEL', KEYS[1]) == 0 then return 0 end\n",
        "",
        ("tests/integration/bot/access/test_access_control.py::test_an_invitation_lets_in_one_person_once",),
    ),
    Guard(
        "who may delete a photo",
        "bot/handlers/captions.py",
        "if context.user_id == photo.sender or await context.is_chat_admin():",
        "if True:",
        (
            "tests/integration/bot/handlers/test_caption_buttons.py"
            "::test_in_a_group_all_may_ask_but_only_the_sender_or_an_administrator_deletes",
        ),
    ),
    Guard(
        "who may have all forgotten",
        "bot/handlers/privacy.py",
        "if context.argument not in (ANYBODY, str(context.user_id)):",
        "if False:",
        ("tests/integration/bot/handlers/test_privacy.py::test_in_a_group_only_the_admin_who_asked_decides",),
    ),
    Guard(
        "what is forgotten has no buttons left",
        "vlm/memory/scripts.py",
        "redis.call('UNLINK', photo, links, turns, tokens)\n",
        "redis.call('UNLINK', links)\n",
        (
            "tests/integration/bot/handlers/test_caption_buttons.py::test_the_buttons_of_a_photo_that_is_forgotten_say_so",
        ),
    ),
    Guard(
        "what is forgotten does not come back",
        "vlm/memory/scripts.py",
        "if was_forgotten(id, ARGV[2]) then return 0 end\n",
        "",
        (
            "tests/integration/vlm/memory/test_memory_forgetting.py"
            "::test_an_old_update_that_comes_again_does_not_bring_a_photo_back",
        ),
    ),
    Guard(
        "a decoder's memory",
        "vlm/worker/decoder.py",
        "        resource.RLIMIT_AS: MEMORY_BYTES,\n",
        "",
        ("tests/integration/vlm/worker/test_decoder_pool.py::test_memory_is_limited",),
    ),
    Guard(
        "a decoder's files",
        "vlm/worker/decoder.py",
        "        resource.RLIMIT_FSIZE: 0,\n",
        "",
        ("tests/integration/vlm/worker/test_decoder_pool.py::test_no_file_is_written",),
    ),
    Guard(
        "a decoder's processor time",
        "vlm/worker/decoder.py",
        "resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))",
        "pass",
        ("tests/integration/vlm/worker/test_decoder_pool.py::test_processor_time_is_limited",),
    ),
    Guard(
        "a decoder knows no setting",
        "vlm/worker/decoder_pool.py",
        "env=ENVIRONMENT,",
        "env={**os.environ, **ENVIRONMENT},",
        ("tests/integration/vlm/worker/test_decoder_pool.py::test_children_know_no_secrets",),
    ),
    Guard(
        "the kinds of picture",
        "vlm/images/opening.py",
        "return Image.open(BytesIO(data), formats=FORMATS)",
        "return Image.open(BytesIO(data))",
        (
            "tests/integration/vlm/worker/test_decoder_pool.py::test_other_decoders_are_closed_whatever_the_name",
        ),
    ),
    Guard(
        "EXIF stays behind",
        "vlm/images/opening.py",
        'page.paste(image.convert("RGB"))',
        'page = image.convert("RGB")',
        ("tests/unit/vlm/images/test_opening.py::test_where_a_photo_was_taken_is_not_kept",),
    ),
    Guard(
        "no open Redis elsewhere",
        "vlm/environment.py",
        "                _check_password(text)\n",
        "                pass\n",
        (
            "tests/integration/vlm/queue/test_redis_guard.py::test_a_server_off_this_machine_without_a_password_is_refused",
        ),
    ),
    Guard(
        "a wrong URL is not shown",
        "vlm/environment.py",
        "show_values and name != REDIS_URL",
        "show_values",
        ("tests/integration/bot/test_secrets.py::test_a_wrong_url_is_refused_without_its_password",),
    ),
    Guard(
        "secrets are redacted in logs",
        "vlm/logs.py",
        "text = text.replace(secret, HIDDEN)",
        "pass",
        ("tests/integration/bot/test_logs.py::test_secrets_are_hidden_in_messages_arguments_and_tracebacks",),
    ),
    Guard(
        "libraries do not log what is said",
        "vlm/logs.py",
        "logging.getLogger(library).setLevel(minimum)",
        "pass",
        ("tests/integration/bot/test_secrets.py::test_no_log_and_no_value_tells_what_it_must_not",),
    ),
    Guard(
        "the queue's limit",
        "vlm/queue/admission.py",
        "if open >= tonumber(ARGV[5]) then return 'full' end\n",
        "",
        (
            "tests/integration/vlm/queue/test_client.py::test_a_full_queue_is_refused_at_the_door_for_everybody",
        ),
    ),
    Guard(
        "a chat's limit",
        "vlm/queue/admission.py",
        "if own >= math.min(tonumber(ARGV[6]), ARGV[5] - open) then return own end\n",
        "",
        (
            "tests/integration/vlm/queue/test_client.py::test_a_chat_with_too_much_open_is_told_so_and_others_are_served",
        ),
    ),
    Guard(
        "who holds a job no more ends nothing",
        "vlm/queue/broker.py",
        "if not mine and (job or state) then return state == 'done' and 'done' or 'held' end\n",
        "",
        (
            "tests/integration/vlm/queue/test_broker.py::test_result_and_ack_come_together_and_only_from_the_holder",
        ),
    ),
    Guard(
        "texts are cut to Telegram's limit",
        "bot/replies/layout.py",
        "if len(units) <= 2 * max_units:",
        "if True:",
        ("tests/system/security/test_formatting.py::test_no_words_make_a_call_that_telegram_would_refuse",),
    ),
    Guard(
        "halves of characters stay outside",
        "bot/transport/updates.py",
        'without_surrogates(json.loads(entry.fields[b"update"]))',
        'json.loads(entry.fields[b"update"])',
        ("tests/integration/bot/test_bad_input.py::test_half_a_character_in_a_question_costs_no_answer",),
    ),
    Guard(
        "the page shows words as text",
        "bot/sandbox/static/dom.js",
        "  node.append(...children.filter(",
        "  const html = (child) =>\n"
        '    typeof child === "string" ? document.createRange().createContextualFragment(child) : child;\n'
        "  node.append(...children.map(html).filter(",
        (
            "tests/integration/bot/sandbox/test_page_hostile_words.py::test_texts_and_captions_are_shown_as_they_are",
        ),
    ),
)
