from functions.alerts.scheduled import of_failure
from functions.flags import schedule as moves
from functions.flags.flag import Flag
from functions.flags.schedule import Action, Wish

FLAG = Flag("new-reader", {"state": "ENABLED", "variants": {"on": True}})


def test_a_scheduled_change_that_was_not_made() -> None:
    schedule = moves.new("s-1", FLAG, Wish(1060.0, Action.KILL), 1000.0, "person:ada", "the night")
    told = of_failure(moves.fail(schedule, 1065.0, "machine:tick", "The flag is archived."))
    assert told == of_failure(moves.fail(schedule, 1065.0, "machine:tick", "The flag is archived."))
    assert (told.id, told.severity) == ("schedule-s-1", "P2")
    assert told.texts["en"].title == "new-reader: the scheduled kill was not made"
    assert told.texts["en"].text.startswith(
        "The flag is archived. Nothing was changed. What to do: "
    )
    assert "the night" not in str(told), "what people write as a reason stays out of logs"
