import pytest

from eventproof import catalog, profile
from eventproof.conform.troupe import Troupe
from eventproof.reference import Reference


@pytest.mark.parametrize("theirs", ["usr_7f3c", "17", 17])
def test_an_id_that_nobody_has_is_of_the_kind_that_the_target_gives(server: Reference, theirs: str | int) -> None:
    troupe = Troupe(profile.load(server.profile), catalog.load(), seed=1)
    try:
        stage = troupe.stage("a case")
        troupe.admin.id = theirs
        nobody = stage.nobody(like=troupe.admin)
        assert type(nobody) is type(theirs)
        assert str(nobody).isdigit() == str(theirs).isdigit()
        assert nobody != theirs
    finally:
        troupe.close()
