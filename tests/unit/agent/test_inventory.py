from hypothesis import given
from hypothesis import strategies as st

from dce_agent.inventory import Inventory

ids = st.sampled_from(["a", "b", "c", "d"])
entries = st.dictionaries(
    ids, st.fixed_dictionaries({"State": st.sampled_from(["running", "exited"])})
)


def container(id_, *, state="running", status="Up 5 minutes", **others):
    return {"Id": id_, "State": state, "Status": status, **others}


def event(action, id_="a", type_="container"):
    return {"Type": type_, "Action": action, "Actor": {"ID": id_}}


def test_a_list_says_what_runs():
    inventory = Inventory()
    inventory.take_containers(
        [container("a"), container("b", state="exited"), container("c", state="paused")]
    )
    assert inventory.running == {"a", "c"}


def test_events_are_believed_until_the_next_list():
    inventory = Inventory()
    inventory.hear(event("start"))
    assert inventory.running == {"a"}
    inventory.hear(event("die"))
    assert inventory.running == set()
    inventory.hear(event("start", type_="image"))
    assert inventory.running == set()


def test_time_that_passes_is_no_difference():
    inventory = Inventory()
    inventory.take_containers([container("a", status="Up 5 minutes (healthy)")])
    assert inventory.take_containers([container("a", status="Up 6 minutes (healthy)")]) == []


def test_health_and_exit_code_are_differences():
    inventory = Inventory()
    inventory.take_containers([container("a", status="Up 5 minutes (healthy)")])
    assert inventory.take_containers([container("a", status="Up 6 minutes (unhealthy)")])
    inventory.take_containers([container("a", state="exited", status="Exited (0) 1 second ago")])
    assert inventory.take_containers(
        [container("a", state="exited", status="Exited (1) 1 second ago")]
    )


def test_what_is_gone_is_told():
    inventory = Inventory()
    inventory.take_images([{"Id": "sha256:1", "Containers": -1}])
    (difference,) = inventory.take_images([])
    assert (difference.kind, difference.id, difference.entry) == ("image", "sha256:1", None)


@given(st.lists(entries, max_size=6))
def test_following_the_differences_leads_to_the_last_list(lists):
    inventory, followed = Inventory(), {}
    for found in lists:
        for difference in inventory.take_containers([{"Id": k, **v} for k, v in found.items()]):
            if difference.entry is None:
                del followed[difference.id]
            else:
                followed[difference.id] = difference.entry
        assert {id_: entry["State"] for id_, entry in followed.items()} == {
            id_: entry["State"] for id_, entry in found.items()
        }
