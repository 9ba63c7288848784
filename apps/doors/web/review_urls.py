"""The addresses of the workbench, below `/review/`."""

from django.urls import URLPattern, path

from apps.doors.web.views.review import (
    batch,
    cases,
    counting,
    deciding,
    queue,
    sampling,
    sounds,
    talking,
)

review_patterns: list[URLPattern] = [
    path("", queue.listing, name="review"),
    path("assign/", queue.assign_chosen, name="review_assign"),
    path("alike/", batch.page, name="review_batch"),
    path("clips/<uuid:uid>/", cases.page, name="case"),
    path("clips/<uuid:uid>/sound.wav", sounds.sound, name="case_sound"),
    path("clips/<uuid:uid>/spectrogram.webp", sounds.spectrogram, name="case_spectrogram"),
    path("clips/<uuid:uid>/outline.json", sounds.outline, name="case_outline"),
    path("clips/<uuid:uid>/comment/", talking.comment, name="case_comment"),
    path("clips/<uuid:uid>/assign/", talking.assign_one, name="case_assign"),
    path("clips/<uuid:uid>/changes/", talking.changes, name="case_changes"),
    path("clips/<uuid:uid>/people/", counting.count, name="case_count"),
    path("clips/<uuid:uid>/point/", counting.point, name="case_point"),
    path("clips/<uuid:uid>/time/", talking.time, name="case_time"),
    path("changes/<uuid:uid>/answer/", talking.answer, name="changes_answer"),
    path("decisions/<int:decision_id>/undo/", deciding.take_back, name="decision_undo"),
    path("samples/<page_name:organisation>/<page_name:name>/", sampling.page, name="review_sample"),
    path(
        "samples/<page_name:organisation>/<page_name:name>/draw/",
        sampling.draw_one,
        name="sample_draw",
    ),
    path("samples/<uuid:uid>/", sampling.hear_one, name="sample_hear"),
    path("<uuid:uid>/", cases.of_finding, name="finding"),
]
