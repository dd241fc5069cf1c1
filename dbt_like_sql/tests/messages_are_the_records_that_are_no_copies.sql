{{ config(severity='error', meta={'grain': 'whole'}) }}

with stored as (

    select coalesce(sum(messages), 0) as messages
    from {{ ref('archives') }}

),

shown as (

    select count(*) as messages
    from {{ ref('messages') }}

)

select
    stored.messages as records_that_are_no_copies,
    shown.messages
from stored
cross join shown
where stored.messages <> shown.messages
