"""Whether all watchers were told in one order, whoever of them hears first."""

from dataclasses import dataclass

from loadtests.plan_sync.order import Order


@dataclass(eq=False)
class Watcher:
    is_steady: bool = True
    is_open: bool = True


def told(order: Order, *story: tuple[Watcher, int]) -> list[str]:
    return [late for watcher, change in story for late in order.told(watcher, change, f"change {change}")]


def test_who_is_told_in_the_order_of_the_first_is_told_in_order_whoever_hears_first() -> None:
    order, first, other = Order(), Watcher(), Watcher()
    assert told(order, (first, 1), (other, 1), (first, 2), (first, 3), (other, 2), (other, 3)) == []
    assert told(order, (other, 4), (other, 5), (first, 4), (first, 5), (other, 6), (first, 6)) == []


def test_what_came_after_a_later_one_is_out_of_order() -> None:
    order, first, other = Order(), Watcher(), Watcher()
    assert told(order, (first, 1), (first, 2), (first, 3), (other, 2), (other, 1), (other, 3)) == ["change 1"]


def test_it_is_seen_too_where_the_first_hears_last() -> None:
    order, first, other = Order(), Watcher(), Watcher()
    assert told(order, (first, 0), (other, 2), (other, 1), (first, 1), (first, 2), (first, 3), (other, 3)) == [
        "change 1"
    ]


def test_who_connects_between_two_changes_and_hears_the_second_first_accuses_nobody() -> None:
    order, first, late = Order(), Watcher(), Watcher()
    assert told(order, (first, 0), (late, 2), (first, 1), (first, 2), (late, 3), (first, 3), (late, 4)) == []


def test_nobody_is_compared_with_one_who_comes_and_goes() -> None:
    order, wanderer, other = Order(), Watcher(is_steady=False), Watcher()
    assert told(order, (wanderer, 2), (wanderer, 1), (other, 1), (other, 2)) == []


def test_where_the_first_is_gone_another_takes_its_place() -> None:
    order, first, second, third = Order(), Watcher(), Watcher(), Watcher()
    told(order, (first, 1), (second, 1))
    first.is_open = False
    assert told(order, (second, 3), (second, 2), (third, 2), (third, 3)) == ["change 3"]


def test_a_change_that_the_first_never_hears_of_holds_up_no_comparison_for_ever() -> None:
    order, first, other = Order(), Watcher(), Watcher()
    story = [(who, number) for number in range(1, 40) for who in (first, other)]
    assert told(order, (first, 0), (other, 99), *story) == []
    assert told(order, (first, 41), (first, 42), (other, 42), (other, 41)) == ["change 41"]
