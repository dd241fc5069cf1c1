{{ config(severity='warn', meta={'grain': 'whole'}) }}

-- A warning: one archive that does not add up must not keep all others from being published.
select
    collection,
    archive_name,
    records,
    messages,
    copies,
    rejects
from {{ ref('archives') }}
where status = 'read' and records <> messages + copies + rejects
