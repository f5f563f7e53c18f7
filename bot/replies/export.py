"""What the bot says about an export, and the export's README."""

from bot.i18n.translator import Translator


def packing_begins(t: Translator) -> str:
    return t("Packing your photos and everything said about them …")


def packing(t: Translator, done: int, total: int) -> str:
    return t("Packing your photos: {done} of {total} …", done=done, total=total)


def nothing_to_export(t: Translator) -> str:
    return t("I keep no photos from this chat, so there is nothing to save.")


def no_such_page(t: Translator, pages: int) -> str:
    return t.many(
        "There is only {n} part. Please send /export.",
        "There are {n} parts. Please send /export and the number of one.",
        pages,
    )


def only_admins_export(t: Translator) -> str:
    return t("Only an administrator of this group can save everything.")


def comes_in_private(t: Translator) -> str:
    return t("I am sending it to you in our private chat.")


def write_to_me_first(t: Translator) -> str:
    return t(
        "I would send it to you in private, but I cannot write to you yet. Please open a chat"
        " with me, press Start, and then send /export here again."
    )


def here_it_is(t: Translator, photos: int, lost: int, parts: int, left: int, page: int) -> str:
    here = t.many(
        "Here is {n} photo with everything I know about it.",
        "Here are {n} photos with everything I know about them.",
        photos,
    )
    lines = [here]
    if parts > 1:
        lines.append(t.many("There is {n} file.", "There are {n} files; unpack them into one folder.", parts))
    if lost:
        lines.append(
            t.many(
                "{n} picture is missing: Telegram no longer gives it to me.",
                "{n} pictures are missing: Telegram no longer gives them to me.",
                lost,
            )
        )
    if left > 0:
        lines.append(
            t.many(
                "{n} newer photo is not in it. To get it: {command}",
                "{n} newer photos are not in it. To get them: {command}",
                left,
                command=f"/export {page + 1}",
            )
        )
    return " ".join(lines)


def readme(t: Translator) -> str:
    """README.txt in the zip."""
    return "\n".join(
        [
            t("What Afterimage remembers of a chat."),
            "",
            "photos.jsonl      " + t("One line for each photo and for each question about one."),
            "                  "
            + t("'by' says who wrote a caption: the model, or the owner who corrected it."),
            "pictures/*.jpg    " + t("The pictures, in the size at which I looked at them."),
            "pictures/*.txt    " + t("The caption of the picture with the same name."),
            "",
            t("To measure a model on them, unpack this into a folder, and then:"),
            "vlm evaluate caption --data FOLDER",
            "vlm evaluate vqa --data FOLDER",
            "",
        ]
    )
