"""Pages that the console has in common with a business's portal: What ran with its Undo, under the portal's names."""

from django.urls import path

from portal.business.runs import run, runs
from portal.business.undoing import undo_run, undo_step

app_name = "business"
urlpatterns = [
    path("what-ran/", runs, name="runs"),
    path("what-ran/<int:run_id>/", run, name="run"),
    path("what-ran/<int:run_id>/undo/", undo_run, name="undo_run"),
    path("what-ran/<int:run_id>/undo/<int:step_id>/", undo_step, name="undo_step"),
]
