{{ config(severity='warn', meta={'grain': 'local_date'}) }}

-- Each row is an assignment of a plan to a person or cost centre that there is not while it is
-- valid: a name that is written otherwise elsewhere, perhaps. Assignments for days that are still
-- to come are left out, for the directory may follow.
with named as (

    select
        'person' as scope,
        person_id as name,
        valid_from,
        valid_to
    from {{ source('inputs', 'directory') }}
    union all
    select
        'cost_centre' as scope,
        cost_centre as name,
        valid_from,
        valid_to
    from {{ source('inputs', 'cost_centres') }}

),

days as (

    select distinct local_date
    from {{ ref('int_plans_assigned') }}

),

due as (

    select distinct
        assignments.scope,
        assignments.name,
        assignments.plan,
        assignments.valid_from,
        assignments.valid_to
    from {{ source('inputs', 'assignments') }} as assignments
    inner join days
        on
            (assignments.valid_from is null or assignments.valid_from <= days.local_date)
            and (assignments.valid_to is null or assignments.valid_to > days.local_date)
    where assignments.scope in ('person', 'cost_centre') and assignments.name <> 'unknown'

)

select due.*
from due
left join named
    on
        due.scope = named.scope
        and due.name = named.name
        and (due.valid_to is null or named.valid_from is null or due.valid_to > named.valid_from)
        and (due.valid_from is null or named.valid_to is null or due.valid_from < named.valid_to)
where named.name is null
